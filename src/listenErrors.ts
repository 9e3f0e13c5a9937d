import { StartError } from './errors';
import { escapeControls } from './escapeControls';

/** What a person can change where a node cannot listen. */
export interface ListenAdvice {
  /** Where it is to listen, in words that follow "cannot listen". */
  readonly where: string;
  /** What else to do than to stop who listens there, in words that follow "stop it, ". */
  readonly taken: string;
  /** Where the address is set, in words that follow "check ". */
  readonly setting: string;
}

/** Why a node cannot listen: PORT_TAKEN or CANNOT_LISTEN. */
export function notBound({ where, taken, setting }: ListenAdvice, error: NodeJS.ErrnoException): StartError {
  if (error.code === 'EADDRINUSE')
    return new StartError(
      'PORT_TAKEN',
      escapeControls(`cannot listen ${where}: another process listens there; stop it, ${taken}`),
      { cause: error },
    );
  return cannotListen(where, whyNot(setting, error), error);
}

/** CANNOT_LISTEN, for a reason that is known. */
export function cannotListen(where: string, why: string, cause: Error): StartError {
  return new StartError('CANNOT_LISTEN', escapeControls(`cannot listen ${where}: ${why}`), { cause });
}

function whyNot(setting: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EMFILE' || code === 'ENFILE')
    return `${code}; too many files are open: raise the limit (ulimit -n), or open fewer`;
  if (code === 'EACCES')
    return 'EACCES; this user may not use the port: choose one from 1024 on, or give the right to it';
  return `${code ?? message}; check ${setting}`;
}
