/** A name that an object has twice, and where in the text its second one begins. */
export interface RepeatedName {
  readonly name: string;
  readonly at: number;
}

/** The strings and marks of JSON that say what is a name of which object. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** The first name that stands twice in one object of a valid JSON text; null when none does. */
export function findRepeatedName(text: string): RepeatedName | null {
  /** Of each object or list that is open, the innermost last: an object's names. */
  const open: Set<string>[] = [];
  let last: RepeatedName | null = null;
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = { name: String(JSON.parse(token)), at };
    else if (last !== null) {
      const names = open.at(-1);
      if (names?.has(last.name) === true) return last;
      names?.add(last.name);
    }
  }
  return null;
}
