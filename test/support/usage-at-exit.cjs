// Loaded before a command under test (`node --require`): writes the processor time and the memory that it took, as JSON,
// into the file that USAGE_FILE names. The times of a machine's clock say nothing where other work runs.

process.on('exit', () => {
  const {userCPUTime, systemCPUTime, maxRSS} = process.resourceUsage();
  const usage = {cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, memoryMib: maxRSS / 1024};
  require('node:fs').writeFileSync(process.env.USAGE_FILE, JSON.stringify(usage));
});
