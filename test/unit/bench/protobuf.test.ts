import { bytesField, fieldOf } from '../../../scripts/bench/peers/protobuf';

test('fields of bytes are found again, and so are numbers between them', () => {
  const long = Buffer.alloc(300, 'v');
  const number = Buffer.from([0x18, 0xac, 0x02]);
  const message = Buffer.concat([bytesField(1, Buffer.from('key')), number, bytesField(2, long)]);
  expect(fieldOf(message, 1)).toEqual(Buffer.from('key'));
  expect(fieldOf(message, 2)).toEqual(long);
  expect(fieldOf(message, 3)).toBe(300n);
  expect(fieldOf(message, 4)).toBeNull();
});
