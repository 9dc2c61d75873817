import type { SdkRefusal, SdkVariant } from './sdk.ts'

/** What each generation of the SDKs calls the error that it makes of a throttle's code. */
export function throttledKind({ name }: SdkVariant, code: string): string {
  if (name.startsWith('pop-core')) return `${code}Error`
  return name.startsWith('openapi-client') ? 'Error' : 'ThrottlingError'
}

/**
 * The first refusal by the throttle of repeated calls, each of which is refused for another reason where it is admitted:
 * between two of them the window may have moved on.
 */
export async function firstThrottled(
  sdk: SdkVariant,
  otherwise: string,
  call: () => Promise<unknown>,
): Promise<SdkRefusal> {
  for (let calls = 0; calls < 1_000; calls += 1) {
    const refusal = sdk.refusal(await call().catch((error: unknown) => error))
    if (refusal.code !== otherwise) return refusal
  }
  throw new Error('1000 calls were all admitted')
}
