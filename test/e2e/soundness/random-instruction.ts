// One instruction of a Dockerfile, from random numbers. What a step does depends on what it can see (files, modes,
// times, variables, mounts) and on nothing else: a build without cache is what every cached build has to equal. So
// nothing reads the clock, the time of a new mount, a cache mount, or the link count or size of a directory, which
// differ between builds that are both right.

import type {Random} from './random.ts';

const targets = ['/o', '/p/q', '/r/', '/l/'];
const variables = ['A', 'B'];
/** What steps make and look at: a file, directories, files, a symlink. */
const places = ['/o', '/p', '/r', '/s', '/l'];

export function word(random: Random): string {
  return random.pick(['one', 'two', 'three', '1', '22', '']);
}

/** What is in the tree, with what a step can see of it; before it writes: what is new has the clock's time. */
const look = [
  "seen=$(find /o /p /r /s /l /w /rr '(' -type d -exec stat -c '%n %a %u %g %Y' {} + ')' -o",
  "-exec stat -c '%n %F %a %u %g %s %Y %N' {} + 2>/dev/null | sort)",
].join(' ');

/** What copies of the context give has the times of the context, whoever copies: times alone miss nothing (ADR 2). */
function command(random: Random): string {
  const place = random.pick(places);
  return random.pick([
    `${look}; echo "$seen" > /s`,
    `${look}; [ "$(echo "$seen" | wc -c)" -lt 300 ] || echo "$seen" | md5sum > /s`,
    'cat /o /p/q 2>/dev/null | wc -c > /s',
    `echo ${word(random)} > /s`,
    `echo $${random.pick(variables)} > /s`,
    `: $${random.pick(variables)}; mkdir -p /p; echo ${word(random)} > /p/t`,
    'env | sort > /s',
    'echo $TARGETPLATFORM.$TARGETARCH.$BUILDOS > /s',
    'id > /s; pwd >> /s; umask >> /s',
    `rm -rf ${place}`,
    // What hides all that is below it, by itself and as another kind of file.
    `rm -rf ${place}; mkdir ${place}; echo ${word(random)} > ${place}/n`,
    `rm -rf ${place}; ln -s ${random.pick(places)} ${place}`,
    `rm -rf ${place}; echo ${word(random)} > ${place}`,
    `mkdir -p /p; touch -d @100000000${random.below(3)} /p/time`,
    `mkdir -p /p; ln -sfn ${word(random)}x /p/link`,
    `mkdir -p /p && : > /p/m && chmod 7${random.below(8)}5 /p/m`,
    `mkdir -p /r && echo ${word(random)} > /r/h && ln -f /r/h /r/h2`,
    '[ ! -f /o ] || { mkdir -p /r; ln -f /o /r/o2; }',
    '[ ! -e /s ] || mv /s /s2',
    '[ ! -d /r ] || [ -e /rr ] || mv /r /rr',
    '[ ! -d /p ] || cp -a /p/. /r',
    'mkdir -p /p; truncate -s 70000 /p/hole',
    'mkdir -p /p; rm -f /p/f; mkfifo /p/f',
    `[ ! -e ${place} ] || chmod ${random.pick(['700', '755', 'g+s'])} ${place}`,
    `[ ! -e ${place} ] || chown -h ${random.pick(['1:2', '0:0'])} ${place}`,
    `[ ! -f ${place} ] || touch ${place}`,
    `[ ! -f ${place} ] || : > ${place}`,
    `[ ! -f ${place} ] || { cat ${place} > /x; rm ${place}; mv /x ${place}; }`,
    `[ ! -f ${place} ] || echo ${word(random)} >> ${place}`,
    'find /o /p /r -newer /s > /w9 2>/dev/null; sort /w9 > /w2; rm /w9',
    `sort /s* 2>/dev/null > /w2; [ -s /w2 ] || rm /w2`,
  ]);
}

function mounted(random: Random, stage: number): string {
  const from = stage > 0 ? [`--mount=type=bind,from=s${random.below(stage)},target=/m`] : [];
  const mount = random.pick([
    '--mount=type=bind,target=/m',
    '--mount=type=bind,target=/m,rw',
    '--mount=type=bind,source=d,target=/m',
    '--mount=type=bind,source=a,target=/m/a',
    '--mount=type=bind,source=b,target=/m/a',
    ...from,
    ...from,
  ]);
  const read = random.pick([
    'ls -R /m/a /m/d /m/p /m/r > /s 2>/dev/null || :',
    'cat /m/a /m/s > /s 2>/dev/null || :',
    'cp -rp /m/[a-e]* /r 2>/dev/null || :',
    'cat /m/a > /dev/null',
    'cat /m/a >> /w3 2>/dev/null || :',
    'cat /m/a >> /w3 2>/dev/null || :',
    "find /m/a /m/d /m/p -exec stat -c '%n %F %a' {} + 2>/dev/null | sort > /s",
    'echo more >> /m/a 2>/dev/null; cat /m/a > /s 2>/dev/null || :',
  ]);
  return `RUN ${mount} ${random.isOneIn(3) ? `${command(random)}; ` : ''}${read}`;
}

function run(random: Random, stage: number): string {
  switch (random.below(10)) {
    case 0:
    case 1:
    case 9:
      return mounted(random, stage);
    case 2:
      return `RUN --mount=type=cache,target=/c echo more >> /c/log; ${command(random)}`;
    case 3:
      return `RUN --mount=type=tmpfs,target=/t : > /t/x; ${command(random)}`;
    case 4:
      return `RUN <<${random.pick(['E', '"E"'])}\nC=${word(random)}; export C\n${command(random)}\nE`;
    case 5:
      return `RUN --network=none ${command(random)}`;
    default:
      return `RUN ${command(random)}`;
  }
}

function copyFlags(random: Random): string {
  return random.pick([
    '',
    '',
    '',
    '',
    '--chown=7:8 ',
    '--chmod=640 ',
    '--chmod=u+x,go-r ',
    '--link ',
    '--link --chmod=751 ',
    '--exclude=**/a ',
    '--exclude=d/e --exclude=*.log ',
    '--parents ',
  ]);
}

function copy(random: Random, stage: number): string {
  const isFromStage = stage > 0 && random.isOneIn(3);
  if (isFromStage) {
    const sources = ['/bin/busybox', '/p*', '/s*', '/r*', '/l*', '/o*'];
    return `COPY --from=s${random.below(stage)} ${copyFlags(random)}${random.pick(sources)} /r/`;
  }
  // A path that is surely there, or one that may match nothing.
  const source = random.pick(['a', 'b', 'd', 'd/', '.', 'd/e', '[ab]', 'd/*', 'a b', 'l?', 'd/./e']);
  const isMany = /[[*? ]/.test(source);
  return `COPY ${copyFlags(random)}${source} ${isMany ? random.pick(['/r/', '/l/']) : random.pick(targets)}`;
}

function configuration(random: Random): string {
  const [name, other] = [random.pick(variables), random.pick(variables)];
  return random.pick([
    `ENV ${name}=${word(random)}`,
    `ENV ${name}=\${${other}:-${word(random)}}`,
    `ARG ${name}=${word(random)}`,
    `ARG ${name}`,
    `ARG ${name}=$${other}x`,
    'ARG TARGETPLATFORM TARGETARCH BUILDOS',
    `WORKDIR ${random.pick(['/w', '/w/v', '/', 'x'])}`,
    `LABEL l=${word(random)}$${name}`,
    `USER ${random.pick(['0', '0:0', '0:5'])}`,
    'CMD ["x"]',
    `SHELL ["/bin/sh", "${random.pick(['-c', '-ec', '-uc'])}"]`,
    `VOLUME ${random.pick(['/v', '/p'])}`,
    `ONBUILD RUN ${command(random)}`,
    'ONBUILD COPY a /r/',
  ]);
}

/** Of the stage with this number; may be of several lines. */
export function instruction(random: Random, stage: number): string {
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return configuration(random);
    case 3:
      return random.pick([
        'ADD x.tar /r/',
        'ADD --unpack=false x.tar /r/',
        `ADD a ${random.pick(targets)}`,
        `COPY <<E ${random.pick(targets)}h\n${word(random)} $${random.pick(variables)}\nE`,
        `COPY <<"E" <<F /r/\n${word(random)} $A\nE\n${word(random)}\nF`,
      ]);
    case 4:
    case 5:
    case 6:
      return copy(random, stage);
    default:
      return run(random, stage);
  }
}
