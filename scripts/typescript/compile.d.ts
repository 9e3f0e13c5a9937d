/** Compiles the sources that have changed into the cache. */
export function compileSources(): void;
