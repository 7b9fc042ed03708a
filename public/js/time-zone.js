// Tells the server the zone of this person, for the dates of the next pages.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const [prefix, secure] = location.protocol === 'https:' ? ['__Host-', '; Secure'] : ['', ''];
document.cookie = `${prefix}tz=${encodeURIComponent(timeZone)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
