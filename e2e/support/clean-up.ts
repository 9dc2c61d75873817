import { afterAll } from 'vitest'
import { deleteRegisteredCas } from './certificates.ts'
import { ownerClient } from './target.ts'

afterAll(async () => {
  const client = ownerClient()
  await deleteRegisteredCas(client)
  client.close()
})
