/** axon has no types of its own. What of it is used here is typed in axonSockets.ts, which a user's compiler reads too. */
declare module 'axon' {
  export const ReqSocket: unknown;
  export const RepSocket: unknown;
}
