import { z } from 'zod';

/** What one process of a node calls itself, so that what an earlier one said is told apart: 16 hex digits. */
export const incarnation = z.string().regex(/^[0-9a-f]{16}$/);
