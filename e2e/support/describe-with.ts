import { describe } from 'vitest'
import type { Tool } from './tools.ts'

/** A chapter that needs a program of the machine: left out by name where there is none. */
export function describeWith(tool: Tool, title: string, body: () => void): void {
  if (tool.path === undefined) describe.skip(`${title} (left out: ${tool.name} cannot be run here)`, body)
  else describe(title, body)
}
