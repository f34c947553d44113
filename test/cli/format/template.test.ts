import {describe, expect, test} from 'vitest';
import {templateOf} from '../../../src/cli/format/template.ts';
import {type FormatValue, mapOf} from '../../../src/cli/format/value.ts';
import {BuildError} from '../../../src/diagnostics/build-error.ts';

const image: FormatValue = {
  Id: 'sha256:abc',
  Size: 1200,
  Tags: ['web:1', 'web:2'],
  Config: {
    Env: ['PATH=/bin', 'HOME=/root'],
    Labels: mapOf({team: 'blue', area: 'north'}),
    Healthcheck: null,
    User: '',
  },
};

function rendered(text: string): string {
  return templateOf(text).render(image);
}

function failure(text: string): string {
  try {
    rendered(text);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const [{message, span, hints = []}] = error.diagnostics;
    return [`${span?.column}-${span?.endColumn}`, message, ...hints].join(' | ');
  }
  return 'no failure';
}

describe('templates', () => {
  test.each([
    ['plain text', 'plain text'],
    ['{{.Id}}', 'sha256:abc'],
    ['{{ .Config.Env }}', '[PATH=/bin HOME=/root]'],
    ['{{.Config.Labels}}', 'map[area:north team:blue]'],
    ['{{json .Config.Labels}}', '{"area":"north","team":"blue"}'],
    ['{{json .Tags}}', '["web:1","web:2"]'],
    ['{{.Config.Env | json}}', '["PATH=/bin","HOME=/root"]'],
    ['{{.Config.Labels.team}} {{.Config.Labels.nobody}}', 'blue <no value>'],
    ['{{index .Config.Labels "team"}}-{{index .Config.Labels "none"}}.', 'blue-.'],
    ['{{index .Tags 1}}', 'web:2'],
    ['{{(index .Tags 0) | upper}}', 'WEB:1'],
    ['{{join .Tags ","}}', 'web:1,web:2'],
    ['{{len .Tags}} {{len .Id}}', '2 10'],
    ['{{range .Tags}}<{{.}}>{{end}}', '<web:1><web:2>'],
    ['{{range $i, $t := .Tags}}{{$i}}={{$t}} {{$.Size}};{{end}}', '0=web:1 1200;1=web:2 1200;'],
    ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}', 'area=north team=blue '],
    ['{{range .Config.Healthcheck}}x{{else}}none{{end}}', 'none'],
    ['{{if .Config.Healthcheck}}yes{{else if .Config.User}}user{{else}}no{{end}}', 'no'],
    ['{{if and .Size (eq .Id "sha256:abc")}}both{{end}}', 'both'],
    ['{{with .Config}}{{len .Env}}{{end}}', '2'],
    ['{{$n := len .Tags}}{{$n}}', '2'],
    ['{{$gap := ""}}{{range .Tags}}{{$gap}}{{.}}{{$gap = ", "}}{{end}}', 'web:1, web:2'],
    ['{{$a := 1}}{{if true}}{{$a := 2}}{{end}}{{$a}}', '1'],
    ['{{println "a" 1}}', 'a 1\n'],
    ['{{print .Id .Size 2}}', 'sha256:abc1200 2'],
    [`{{eq 'a' 97}} {{'é'}} {{printf "%d" '\\n'}} {{'\\''}}`, 'true 233 10 39'],
    ['{{printf "%-6s|%q|%d%%" "ab" .Id 5}}', 'ab    |"sha256:abc"|5%'],
    ['{{lower "ABC"}} {{title "north sea"}} {{truncate .Id 6}}', 'abc North Sea sha256'],
    ['{{slice .Id 7 9}} {{join (split "a/b" "/") "-"}}', 'ab a-b'],
    ['{{gt .Size 1000}} {{lt 1 2}} {{ne 1 1}} {{not false}} {{or "" "x"}}', 'true true false true x'],
    ['a  {{- " b" -}}  c', 'a bc'],
    ['a{{/* nothing */}}b', 'ab'],
    ['{{"quote \\" and \\t"}}{{`raw\\n`}}', 'quote " and \traw\\n'],
  ])('%s', (text, expected) => {
    expect(rendered(text)).toBe(expected);
  });

  test.each([
    ['{{.Idd}}', '2-6 | there is no field .Idd | did you mean .Id?'],
    ['{{.Config.Nope}}', '9-14 | there is no field .Nope | there are .Env, .Labels, .Healthcheck, .User'],
    ['{{.Id.Inner}}', '5-11 | there is no field Inner in sha256:abc'],
    ['{{.Id', '0-2 | this "{{" has no "}}"'],
    ['{{range .Tags}}x', '0-15 | this {{range}} has no {{end}}'],
    ['x{{end}}', '1-8 | nothing is open here to end'],
    ['{{jsn .}}', '2-5 | there is no function jsn for templates | did you mean json?'],
    ['{{$n = 1}}', '7-8 | there is no variable $n here'],
    ['{{with $n = 1}}x{{end}}', '0-15 | {{with}} has variables of its own: write :='],
    ['{{template "x"}}', "0-16 | {{template}} of Go's templates is not supported"],
    ['{{.Id .Size}}', '6-11 | only a function takes arguments'],
    ['{{json}}', '2-6 | json does not work here: it takes 1 argument, not 0'],
    ['{{index .Tags 5}}', '2-15 | index does not work here: index 5 is out of range: there are 2'],
    ['{{}}', '2-4 | a value or a function is missing here'],
    ['{{upper .Size}}', '2-13 | upper does not work here: it takes texts, not 1200'],
    ['{{range .Size}}{{end}}', '8-13 | range needs a list or a map'],
    ['{{$x}}', '2-4 | there is no variable $x here'],
    ['{{printf "%x" 1}}', '2-15 | printf does not work here: printf does not know %x'],
    ['{{.Id & 1}}', '6-7 | "&" is not understood in a template'],
    ['{{(.Id}}', '2-3 | this "(" has no ")"'],
  ])('%s is refused with its place', (text, expected) => {
    expect(failure(text)).toBe(expected);
  });
});
