/**
 * Tells listeners. What one throws is an error of the program that listens, not of this node: it is left uncaught, as
 * another event's is, and the work under way goes on.
 */
export function leaveUncaught(tell: () => void): void {
  try {
    tell();
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}
