// A program on a terminal, as a test sees it. Node cannot make terminals; python3 can. The driver makes one, runs the
// program on it, types what it is told as soon as the screen shows what it waits for, and tells what came of it.

import {spawn} from 'node:child_process';

export interface TerminalRun {
  /** Everything that was shown, carriage returns and all. */
  readonly screen: string;
  /** Of the program; 128 + the number of the signal that killed it. */
  readonly code: number;
  /** Whether the terminal's modes were in the end what they had been. */
  readonly restored: boolean;
}

/** Waits until the screen has `await` after what was awaited before, then acts. */
export interface TerminalAct {
  readonly await: string;
  readonly type?: string;
  readonly resize?: {readonly rows: number; readonly columns: number};
  /** Sent to the program itself; `group`: to its process group. */
  readonly kill?: number;
  readonly group?: boolean;
}

const driver = `
import fcntl, json, os, pty, select, signal, struct, sys, termios, time
task = json.loads(sys.stdin.read())
def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
ready, go = os.pipe()
pid, master = pty.fork()
if pid == 0:
    os.read(ready, 1)
    os.execve(task['argv'][0], task['argv'], {**os.environ, **task['env']})
resize(master, 24, 80)
# The end of the driver's own slave keeps the terminal alive, so that its modes can be looked at afterwards.
number = struct.unpack('I', fcntl.ioctl(master, 0x80045430, bytes(4)))[0]  # TIOCGPTN
keep = os.open(f'/dev/pts/{number}', os.O_RDWR | os.O_NOCTTY)
before = termios.tcgetattr(keep)
os.write(go, b'.')
screen, seen, acts, status = b'', 0, task['acts'], None
deadline = time.time() + 100
while time.time() < deadline:
    ready, _, _ = select.select([master], [], [], 0.05)
    if ready:
        try: chunk = os.read(master, 65536)
        except OSError: chunk = b''
        screen += chunk
    elif status is not None: break
    if status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done: status = code
    if acts and screen.find(acts[0]['await'].encode(), seen) >= 0:
        act = acts.pop(0)
        seen = screen.find(act['await'].encode(), seen) + len(act['await'])
        time.sleep(0.05)
        if 'resize' in act: resize(master, act['resize']['rows'], act['resize']['columns'])
        if 'type' in act: os.write(master, act['type'].encode())
        if 'kill' in act: os.kill(-pid if act.get('group') else pid, act['kill'])
if status is None:
    os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    screen += b'\\n[the driver gave up]\\n'
# Of a program that was killed another process puts the modes back.
patience = time.time() + 10
while termios.tcgetattr(keep) != before and time.time() < patience: time.sleep(0.02)
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
print(json.dumps({'screen': screen.decode('utf8', 'replace'), 'code': code,
                  'restored': termios.tcgetattr(keep) == before}))
`;

/** Runs `argv` (an absolute path first) on a terminal of 24 rows and 80 columns. */
export function onTerminal(
  argv: readonly string[],
  acts: readonly TerminalAct[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<TerminalRun> {
  return new Promise((resolve, reject) => {
    const python = spawn('python3', ['-c', driver], {stdio: ['pipe', 'pipe', 'inherit']});
    let text = '';
    python.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    python.once('error', reject);
    python.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as TerminalRun);
      else reject(new Error(`the driver of the terminal ended with ${code}`));
    });
    python.stdin.end(JSON.stringify({argv, acts, env}));
  });
}
