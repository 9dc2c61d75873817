import { StartError } from '../start-error.ts'

/** The seed file cannot be used; each line of the message names file, line, column, path, fault and cure. */
export class SeedError extends StartError {}
