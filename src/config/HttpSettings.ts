/** Where a node serves HTTP, and to whom. */
export interface HttpSettings {
  readonly port: number;
  /** Address or name to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** Paths of a certificate (with those that lead to its issuer) and its key, PEM; without them there is no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  /** Whether an address that other machines reach may be without TLS: behind a proxy, or in a container. */
  readonly plain?: boolean;
  /** Origins of pages that may ask, like `https://example.org`; none by default. */
  readonly origins?: readonly string[];
  /** Path of the file in which `mokka-cluster token create` keeps tokens; it need not be there yet. */
  readonly tokensFile?: string | null;
  /** Path of a file with one token that has all scopes, which the first node makes: the demo cluster's. */
  readonly sharedTokenFile?: string | null;
  /** Where the members' own doors are, by their numbers; null where none is known. */
  readonly doors?: readonly (string | null)[];
}
