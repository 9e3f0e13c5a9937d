import { TestEnvironment } from 'jest-environment-node';

/**
 * jest's own environment, without what a terminal adds to it. There, or where its user wants colours, jest gives its
 * workers FORCE_COLOR, and the processes that tests start and read would inherit it and print coloured values.
 */
export default class PlainEnvironment extends TestEnvironment {
  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    // This process's own, of which tests get a copy, and child processes without an environment of their own get this.
    for (const name of ['FORCE_COLOR', 'NO_COLOR']) Reflect.deleteProperty(process.env, name);
    super(...given);
  }
}
