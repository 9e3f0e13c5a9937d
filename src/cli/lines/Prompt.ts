/** Why a prompt has ended: the user typed `exit` (or closed the terminal), its input ended, or nobody reads its output. */
export type PromptEnd = 'exit' | 'input-ended' | 'output-closed';

/** A running prompt: people's at a terminal, or a pipe's. */
export interface Prompt {
  /** Resolves when no more lines will be taken and all that were are answered. Never rejects. */
  readonly ended: Promise<PromptEnd>;
  /** Takes no more lines. Resolves when those taken are answered and written, or after `deadline` ms. */
  stop(deadline: number): Promise<void>;
  /** Shows a line beside the answers, where there is a person to read it. */
  notify(text: string): void;
}
