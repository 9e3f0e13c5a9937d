import { readConfig } from '../../../src/config/ClusterConfig';
import { requireWorkingDirectory } from '../../../src/config/workingDirectory';

afterEach(() => jest.restoreAllMocks());

test('a working directory that was removed is named where a path needs it, and nowhere else', () => {
  expect(() => requireWorkingDirectory('data')).not.toThrow();
  jest.spyOn(process, 'cwd').mockImplementation(() => {
    throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT' });
  });
  const gone = /^the working directory, from which "data" is to be found, is there no more/;
  expect(() => requireWorkingDirectory('data')).toThrow(gone);
  expect(() => readConfig({ INDEX: '0' })).toThrow(gone);
  expect(readConfig({ INDEX: '0', DATA_DIR: '/data' }).dataDirectory).toBe('/data/node-0');
});
