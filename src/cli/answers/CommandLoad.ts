import { AnswerBudget } from './AnswerBudget';
import { Turns } from './Turns';

/** What all prompts of a process share, so that together they cost the node no more than one may. */
export class CommandLoad {
  readonly budget = new AnswerBudget();
  readonly turns = new Turns();
}
