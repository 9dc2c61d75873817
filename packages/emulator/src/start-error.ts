/** The emulator cannot start; the message is one sentence for a user, with the cure. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

const listenTroubles: Record<string, (where: string, flag: string) => string> = {
  EADDRINUSE: (where, flag) =>
    `${where} is in use: stop what listens there, or choose another with --${flag} (0 is any free port)`,
  EACCES: (where, flag) => `this user may not listen on ${where}: choose a port above 1023 with --${flag}`,
  EADDRNOTAVAIL: (where) => `${where} is no address of this machine: choose another with --host`,
}

/** Turns the failure to listen into a sentence; other errors come back as they are. */
export function explainListenError(error: unknown, host: string, port: number, flag: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const says = listenTroubles[code]
  return says ? new StartError(says(`${host} port ${port}`, flag), { cause: error }) : error
}
