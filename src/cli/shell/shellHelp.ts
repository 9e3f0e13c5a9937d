import { findCommand, shownCommands, COMMANDS } from '../commands/CommandTable';
import { renderHelp, type Style } from '../render/render';

/** A line of the help. */
export interface HelpRow {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
}

const OPTIONS = [
  { usage: '--node N', summary: 'the node of this machine that is asked (default: INDEX, or 0)' },
  { usage: '--json', summary: 'the answer as one line of JSON, errors too' },
  { usage: '--help', summary: 'this, or what is to know of one COMMAND' },
  { usage: '--version', summary: 'the version of this program' },
];

/** What is to know of a command at a shell, beside its summary. */
const NOTES: Readonly<Record<string, string>> = {
  add_log: `KEY is one word of the shell, VALUE the others with a space between two: "my key" "my value".
-   as the only word of VALUE takes it from stdin, to its end and as it is
""  is an empty VALUE
Options stand before add_log: what follows it is stored.`,
  get: 'KEY is one word of the shell: "my key"',
  history: 'KEY is one word of the shell: "my key"',
  trim: 'Without --yes nothing is done but to say what would be.',
  tail: `--follow        goes on with those that come, a line each, until Ctrl-C, also over a restart of the node
--from INDEX    with --follow: begins with this log instead of the last ones, to go on after an interruption`,
};

/** What `--help` says: of one command, where the words begin with one. @throws RequestError BAD_COMMAND */
export function shellHelp(
  [name]: readonly string[],
  { style, programs }: { readonly style: Style; readonly programs: readonly HelpRow[] },
): string {
  if (name !== undefined) {
    const { usage, summary } = findCommand(name);
    return [`npx mokka-cluster [--node N] [--json] ${usage}`, summary, NOTES[name] ?? '']
      .join('\n')
      .trimEnd();
  }
  const commands = shownCommands(COMMANDS).filter(({ effect }) => effect !== 'exit');
  const rows = [...commands, ...OPTIONS].map(({ usage, summary }) => ({ name: usage, usage, summary }));
  return [
    'npx mokka-cluster [--node N] [--json] COMMAND…   has a running node of this machine do one command:',
    renderHelp({ commands: rows }, style),
    '',
    'npx mokka-cluster PROGRAM…   runs one of these, each with a --help of its own:',
    renderHelp({ commands: programs }, style),
  ].join('\n');
}
