// What the history says of a build: what was asked for, without what may be secret, and how it ended.

import type {BuildRequest} from '../../../build/request.ts';
import {BuildError} from '../../../diagnostics/build-error.ts';
import type {BuildSubject} from '../../../history/build-record.ts';
import type {BuildEnd} from '../../../history/recorder.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {withoutCredentials} from '../../../util/url-credentials.ts';

export function subjectOf(request: BuildRequest): BuildSubject {
  const {dockerfile = 'Dockerfile', target, tags, platforms, buildArgs} = request;
  return {
    context: contextText(request),
    dockerfile: withoutCredentials(dockerfile),
    ...(target === undefined ? {} : {target}),
    tags,
    platforms: platforms.map(formatPlatform),
    buildArgs: Object.keys(buildArgs),
  };
}

function contextText({context}: BuildRequest): string {
  switch (context.type) {
    case 'directory':
      return context.path;
    case 'stdin':
      return '-';
    case 'url':
      return withoutCredentials(context.url);
  }
}

export function endOf(error: unknown, interrupt: AbortSignal): BuildEnd {
  if (interrupt.aborted) return {status: 'canceled'};
  const first = error instanceof BuildError ? error.diagnostics[0].message : String(error);
  return {status: 'error', error: first};
}
