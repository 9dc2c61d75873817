export { fuzz, fuzzKinds, type Failure, type FuzzKind } from './fuzz.ts'
export { plainConnect, type Level } from './packets.ts'
export { chunksOf, firstPackets, rightSessions, wrongSessions, type Recipe } from './recipe.ts'
