import type { Dimensions, Row } from './row.ts'

/** Every combination. */
export function fullProduct(dimensions: Dimensions): Row[] {
  let rows: Partial<Row>[] = [{}]
  for (const [name, values] of Object.entries(dimensions)) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })))
  }
  return rows as Row[] // every name of the dimensions has been given a value
}

/** The pairs of values that a row shows together. */
export function pairsOf(row: Row): string[] {
  const values = Object.entries(row).map(([name, value]) => `${name} ${value}`)
  return values.flatMap((one, index) => values.slice(index + 1).map((other) => `${one}, ${other}`))
}

/** As few rows as show every pair of values: each time the row that shows most of what is left. */
export function pairwise(dimensions: Dimensions): Row[] {
  const all = fullProduct(dimensions)
  const left = new Set(all.flatMap(pairsOf))
  const rows: Row[] = []
  const gain = (row: Row) => pairsOf(row).filter((pair) => left.has(pair)).length
  while (left.size > 0) {
    const best = all.reduce((one, other) => (gain(other) > gain(one) ? other : one))
    for (const pair of pairsOf(best)) left.delete(pair)
    rows.push(best)
  }
  return rows
}
