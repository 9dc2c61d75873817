import type { ApiError } from '../api-error.ts'

/** The body of every error, in the vendor's order of keys. */
export function errorBody(error: ApiError, requestId: string, regionId: string): object {
  return {
    RequestId: requestId,
    Message: error.message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${error.code}&product=OnsMqtt&requestId=${requestId}`,
    HostId: `onsmqtt.${regionId}.aliyuncs.com`,
    Code: error.code,
  }
}
