import { dirname } from 'node:path'
import { generateFiles } from './generated.ts'

generateFiles(dirname(import.meta.dirname))
