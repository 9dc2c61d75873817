import { describe, expect, test } from 'vitest'
import { matches } from './topic-filter.ts'

describe('a topic filter', () => {
  test.each([
    ['demo', 'demo'],
    ['demo/a', 'demo/a'],
    ['demo/+', 'demo/a'],
    ['demo/+', 'demo/'],
    ['+/a', 'demo/a'],
    ['+/+', '/a'],
    ['demo/#', 'demo'],
    ['demo/#', 'demo/a/b'],
    ['#', 'demo/a'],
    ['demo/+/b', 'demo/a/b'],
    ['$SYS/#', '$SYS/a'],
  ])('%s matches %s', (filter, topic) => {
    expect(matches(filter, topic)).toBe(true)
  })

  test.each([
    ['demo', 'demo/a'],
    ['demo/a', 'demo'],
    ['demo/+', 'demo'],
    ['demo/+', 'demo/a/b'],
    ['demo/#', 'demos'],
    ['demo/+/b', 'demo/a/c'],
    ['+', '/a'],
    ['#', '$SYS/a'],
    ['+/a', '$SYS/a'],
  ])('%s does not match %s', (filter, topic) => {
    expect(matches(filter, topic)).toBe(false)
  })
})
