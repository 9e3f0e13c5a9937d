import { notBound } from '../../src/listenErrors';

const ADVICE = {
  where: 'for HTTP on \u001b[1mhost:80',
  taken: 'or choose another',
  setting: 'settings.http.host',
};

test.each([
  ['EADDRINUSE', 'PORT_TAKEN', /stop it, or choose another$/],
  ['EMFILE', 'CANNOT_LISTEN', /EMFILE; too many files are open: raise the limit \(ulimit -n\)/],
  ['ENFILE', 'CANNOT_LISTEN', /ENFILE; too many files are open/],
  ['EACCES', 'CANNOT_LISTEN', /EACCES; this user may not use the port: choose one from 1024 on/],
  ['EADDRNOTAVAIL', 'CANNOT_LISTEN', /EADDRNOTAVAIL; check settings\.http\.host$/],
])('of %s it is told what to do', (code, told, words) => {
  const cause = Object.assign(new Error('it failed'), { code });
  const error = notBound(ADVICE, cause);
  expect(error).toMatchObject({ code: told, cause });
  expect(error.message).toMatch(words);
  expect(error.message).not.toContain('\u001b');
});
