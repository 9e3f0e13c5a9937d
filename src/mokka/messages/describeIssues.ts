import { z } from 'zod';

/** What is wrong with a message, on one line. It shows no value of it. */
export function describeIssues(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll(/\s+/g, ' ');
}
