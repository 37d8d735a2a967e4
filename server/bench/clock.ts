/** Milliseconds of the machine's monotonic clock: the one clock that two processes of a machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
