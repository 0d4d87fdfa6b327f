// Verifies a UserSig with the public package: what it decodes to, and that the
// package computes the same signature for the same moment.
const zlib = require('zlib');
const { Api } = require('tls-sig-api-v2');
const [app, key, user, expire, sig] = process.argv.slice(2);
const read = (text) =>
  JSON.parse(zlib.inflateSync(Buffer.from(text.replace(/\*/g, '+').replace(/-/g, '/').replace(/_/g, '='), 'base64')));
const ours = read(sig);
Date.now = () => ours['TLS.time'] * 1000;
const theirs = read(new Api(Number(app), key).genUserSig(user, Number(expire)));
for (const field of Object.keys(theirs)) {
  if (theirs[field] !== ours[field]) {
    console.error(`${field}: ours ${ours[field]}, theirs ${theirs[field]}`);
    process.exit(1);
  }
}
console.log('tls-sig-api-v2 agrees with our UserSig');
