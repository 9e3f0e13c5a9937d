/** Compiles the sources below a top folder that have changed into the cache. */
export function compileSources(folder: 'src' | 'scripts'): void;
