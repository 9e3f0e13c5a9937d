/** What a token allows: to read, to append, or all. */
export const SCOPES = ['read', 'append', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a token with these scopes allows what needs `scope`: admin allows all. */
export function allows(scopes: readonly Scope[], scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}
