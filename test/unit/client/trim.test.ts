import type { ServerResponse } from 'node:http';
import { clientOf, errorOf, fake, inOrder, stopFakes } from './clientFixture';
import { refuse, tell } from './FakeNode';

afterEach(stopFakes);

describe('trim', () => {
  test('is asked for with its index, and tells the floor', async () => {
    const node = await fake((_, answer) => tell(answer, 200, { floor: 17 }));
    expect(await clientOf([node]).trim(17)).toEqual({ floor: 17 });
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
    expect(node.asked).toMatchObject([{ method: 'POST', url: '/v1/trim', body: '{"index":17}', headers }]);
  });

  test('503, 504 and a cut connection are tried again, at any node', async () => {
    const serve = inOrder(
      (answer) => refuse(answer, 503, 'NO_LEADER'),
      (answer) => refuse(answer, 504, 'UNKNOWN_OUTCOME'),
      (answer) => answer.destroy(),
      (answer) => tell(answer, 200, { floor: 20 }),
    );
    const both = [await fake(serve), await fake(serve)];
    expect(await clientOf(both).trim(17)).toEqual({ floor: 20 });
    const bodies = both.flatMap(({ asked }) => asked.map(({ body }) => body));
    expect(bodies).toEqual(Array.from({ length: 4 }, () => '{"index":17}'));
  });

  test('a refusal is not tried again', async () => {
    const node = await fake((_, answer) => refuse(answer, 403, 'FORBIDDEN'));
    expect(await errorOf(clientOf([node]).trim(17))).toMatchObject({ code: 'FORBIDDEN' });
    expect(node.asked).toHaveLength(1);
  });

  test('of a log that is not there yet is NOT_FOUND, unless an earlier try may forget it yet', async () => {
    const missing = (answer: ServerResponse): void => refuse(answer, 404, 'NOT_FOUND');
    const refused = await fake(inOrder((answer) => refuse(answer, 503, 'BUSY'), missing));
    expect(await errorOf(clientOf([refused]).trim(17))).toMatchObject({ code: 'NOT_FOUND' });
    const lost = await fake(inOrder((answer) => answer.destroy(), missing));
    const error = await errorOf(clientOf([lost]).trim(17));
    expect(error.code).toBe('UNKNOWN_OUTCOME');
    expect(error.message).toContain('ask again, which does no harm');
  });

  test('the deadline ends the tries: nothing was trimmed, or it is not known', async () => {
    const busy = await fake((_, answer) => refuse(answer, 503, 'NO_LEADER'));
    // The longest pauses: from 1.6 to 3.2 s there is one, and the deadline falls into it, however busy the machine is.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.999);
    const options = { deadline: 3000 };
    expect(await errorOf(clientOf([busy], options).trim(17))).toMatchObject({ code: 'NO_LEADER' });
    const lost = await fake(
      inOrder(
        (answer) => answer.destroy(),
        (answer) => refuse(answer, 503, 'NO_LEADER'),
      ),
    );
    const error = await errorOf(clientOf([lost], options).trim(17));
    expect(error.code).toBe('UNKNOWN_OUTCOME');
    expect(error.message).toContain('an earlier try may have trimmed the log');
    random.mockRestore();
  });
});
