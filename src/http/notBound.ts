import { StartError } from '../errors';
import { escapeControls } from '../escapeControls';

/** Why HTTP cannot listen where it is told to. */
export function notBound(host: string, port: number, error: NodeJS.ErrnoException): StartError {
  const where = `for HTTP on ${host}:${port}`;
  if (error.code === 'EADDRINUSE')
    return new StartError(
      'PORT_TAKEN',
      `cannot listen ${where}: another process listens there; stop it, choose another port with HTTP_PORT or settings.http.port, or do without: HTTP_PORT=off`,
      { cause: error },
    );
  const why =
    error.code === 'EACCES'
      ? 'EACCES; this user may not use the port: choose one from 1024 on'
      : `${error.code ?? error.message}; check settings.http.host and the port`;
  return new StartError('CANNOT_LISTEN', escapeControls(`cannot listen ${where}: ${why}`), { cause: error });
}
