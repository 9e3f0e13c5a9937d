import type { z } from 'zod';
import type { BytesUnderWay } from '../answers/BytesUnderWay';
import type { LogTexts } from '../answers/LogTexts';
import type { Scope } from '../access/scopes';
import type { Exchange } from '../answers/Exchange';
import type { HttpMetrics, HttpNode } from './HttpNode';

/** What the routes share. */
export interface DoorParts {
  readonly node: HttpNode;
  readonly bytes: BytesUnderWay;
  readonly texts: LogTexts;
  readonly metrics: HttpMetrics | null;
  /** The doors of the members, by their numbers; null where none is known. */
  readonly doors: readonly (string | null)[];
}

/** One kind of answer of a route. */
export interface DocumentedAnswer {
  readonly description: string;
  /** By media type; a null schema is text. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
}

/** A path and method, what serves it, and what is to know of it: its row in the OpenAPI document. */
export interface Route {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: `/v1/log/{index}`. */
  readonly path: string;
  /** What the caller's token must allow; null where none is needed. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly pathSchema?: z.ZodObject;
  readonly querySchema: z.ZodObject;
  /** Header names with what they are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** By media type. */
  readonly body?: Readonly<Record<string, z.ZodType>>;
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
  /** Answers, or throws what is told as a problem. */
  readonly serve: (exchange: Exchange, parts: DoorParts) => Promise<void> | void;
}
