/**
 * A command that runs as a real-time process (sched(7), SCHED_RR) where that is allowed (root, or CAP_SYS_NICE), and else as it is.
 * @param {number} priority 1 to 99
 * @param {readonly string[]} command
 * @param {number} [limitSec] CPU time without once waiting after which it is ended (setrlimit(2), RLIMIT_RTTIME): what never
 * waits would keep a core from all others
 * @returns {readonly string[]}
 */
export function inRealTime(priority, command, limitSec) {
  const limit = limitSec === undefined ? '' : `prlimit --rttime=${limitSec * 1_000_000} `
  const realTime = `${limit}chrt -r ${priority}`
  return ['sh', '-c', `${realTime} true 2>/dev/null && exec ${realTime} "$@"; exec "$@"`, 'sh', ...command]
}

/** Calls come before what else runs on the machine, and before the mixing of those that talk already: Asterisk's own threads have 10 (`asterisk -p`). @param {readonly string[]} command */
export const serviceInRealTime = (command) => inRealTime(12, command, 10)

/** An ordinary process, though its parent runs in real time. @param {readonly string[]} command */
export const notInRealTime = (command) => ['sh', '-c', 'chrt -o 0 true 2>/dev/null && exec chrt -o 0 "$@"; exec "$@"', 'sh', ...command]
