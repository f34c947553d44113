// One request to a storage service, seen through: broken connections, 429 and 5xx are tried again a few times, and an
// answer that is no success is an error that says what the service said.

import type {HttpClient, HttpRequest, HttpResponse} from '../../sources/registry/http.ts';
import {realPacing, retryAfterMs, retrying, TryLater} from '../../sources/registry/retry.ts';
import {detailOf} from '../../sources/registry/session.ts';

/** A cache is asked in passing: what it cannot do at the third time, the build does without. */
const attemptsMax = 3;

/**
 * Makes the request anew for each attempt, since signatures and streams are used up. Gives undefined for 404 and for
 * what `absent` adds to it.
 */
export function exchange(
  http: HttpClient,
  signal: AbortSignal,
  make: () => {readonly url: URL} & Omit<HttpRequest, 'signal'>,
  absent: readonly number[] = [],
): Promise<HttpResponse | undefined> {
  return retrying({pacing: realPacing, signal, attemptsMax}, async () => {
    const {url, ...request} = make();
    const response = await http.request(url, {...request, signal});
    const {status} = response;
    if (status === 404 || absent.includes(status)) {
      await response.discard();
      return undefined;
    }
    if (status < 300) return response;
    const detail = await detailOf(response);
    if (status === 429 || status >= 500) {
      throw new TryLater(status, retryAfterMs(response.headers, realPacing.nowMs()), detail);
    }
    throw new Error(`${url.host} answers with status ${status}${detail === '' ? '' : `: ${detail}`}`);
  });
}
