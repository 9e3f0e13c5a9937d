import type { CatchingUp, ClusterState, WatchedState } from './ClusterWatch';
import { fitColumns, paint, type Color, type Style } from '../render/render';

const STATE_COLORS: Readonly<Record<Exclude<WatchedState, CatchingUp>, Color>> = {
  leader: 'green',
  follower: 'cyan',
  candidate: 'yellow',
  starting: 'yellow',
  silent: 'red',
  stopped: 'red',
};

interface Part {
  readonly text: string;
  readonly color: Color;
}

interface Form {
  readonly parts: readonly Part[];
  readonly gap: string;
}

/** The states of a cluster's nodes, its term and its logs, in less than a row: what does not fit is left out. */
export function renderClusterState(state: ClusterState, style: Style): string {
  // The last column is left free: a terminal may go to the next row when it is written to.
  const room = style.columns - 1;
  const short = nodes(state, '');
  const forms: readonly Form[] = [
    { parts: [...nodes(state, 'node '), term(state), logs(state)], gap: '  ' },
    { parts: [...short, term(state), logs(state)], gap: '  ' },
    { parts: [...short, term(state)], gap: ' ' },
    { parts: short, gap: ' ' },
  ];
  const fitting = forms.find((form) => plain(form).length <= room);
  if (fitting === undefined) return fitColumns(plain({ parts: short, gap: ' ' }), room);
  return fitting.parts.map(({ text, color }) => paint(text, color, style)).join(fitting.gap);
}

function plain({ parts, gap }: Form): string {
  return parts.map(({ text }) => text).join(gap);
}

function nodes({ nodes: states }: ClusterState, label: string): Part[] {
  return states.map((state, index) => ({ text: `${label}${index} ${state}`, color: colorOf(state) }));
}

function colorOf(state: WatchedState): Color {
  return state in STATE_COLORS ? STATE_COLORS[state as keyof typeof STATE_COLORS] : 'yellow';
}

function term({ term: number }: ClusterState): Part {
  return { text: `term ${number}`, color: 'dim' };
}

function logs({ logs: count }: ClusterState): Part {
  return { text: `${count} ${count === 1 ? 'log' : 'logs'}`, color: 'dim' };
}
