/** Docker's health check of a web instance. */
try {
  const response = await fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health/ready`);
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
