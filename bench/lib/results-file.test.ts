import { expect, test } from 'vitest'
import { withFigures } from './results-file.ts'

const text = ['before', '<!-- figures: api -->', 'old', '<!-- /figures: api -->', 'between', 'after'].join('\n')

test('the figures of a scenario take the place of its older ones, and nothing else changes', () => {
  expect(withFigures(text, 'api', 'new')).toBe(text.replace('\nold\n', '\n\nnew\n'))
})

test('a scenario without its marks is an error', () => {
  expect(() => withFigures(text, 'connect', 'new')).toThrow('<!-- figures: connect -->')
})
