import { z } from 'zod';
import type { DocumentedAnswer, Route } from './Route';
import { problemSchema } from './schemas';

type Json = Readonly<Record<string, unknown>>;

const PROBLEM_TYPE = 'application/problem+json';

/** The OpenAPI 3.1 document of some routes. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mokka-cluster',
      version,
      description:
        'The replicated log of a mokka cluster, at any of its nodes. Errors are problems (RFC 9457).',
      license: { name: 'AGPL-3.0-only', identifier: 'AGPL-3.0-only' },
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'as mokka-cluster token create prints it' },
      },
    },
    paths,
  };
}

function operation(route: Route): Json {
  const { scope, summary, body, answers } = route;
  return {
    summary: scope === null ? summary : `${summary} Scope: ${scope}.`,
    security: scope === null ? [] : [{ token: [] }],
    parameters: parameters(route),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, 'input') } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer)])),
      default: { description: 'An error', content: contentOf({ [PROBLEM_TYPE]: problemSchema }, 'output') },
    },
  };
}

function parameters({ pathSchema, querySchema, headers = {} }: Route): Json[] {
  return [
    ...parametersIn('path', pathSchema),
    ...parametersIn('query', querySchema),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    })),
  ];
}

function parametersIn(place: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...fieldSchema } = jsonSchema(field as z.ZodType, 'input');
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description === undefined ? {} : { description }),
      schema: fieldSchema,
    };
  });
}

function response({ description, content }: DocumentedAnswer): Json {
  return { description, ...(content === undefined ? {} : { content: contentOf(content, 'output') }) };
}

function contentOf(schemas: Readonly<Record<string, z.ZodType | null>>, io: 'input' | 'output'): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([type, schema]) => [
      type,
      { schema: schema === null ? { type: 'string' } : jsonSchema(schema, io) },
    ]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made: Record<string, unknown> = z.toJSONSchema(schema, { io });
  // The document's own dialect is the same.
  delete made['$schema'];
  return made;
}
