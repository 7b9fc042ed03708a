/** Docker's health check of a web instance: ends with 0 when a log-in would work there. */
try {
  const response = await fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health/ready`);
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
