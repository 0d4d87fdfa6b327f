// Checks a UserSig of ours: tls-sig-api-v2 must compute the same fields for the same second.
const zlib = require('zlib');
const { Api } = require('tls-sig-api-v2');
const [app, key, user, expire, sig] = process.argv.slice(2);

const decode = (text) => {
  const base64 = text.replace(/\*/g, '+').replace(/-/g, '/').replace(/_/g, '=');
  return JSON.parse(zlib.inflateSync(Buffer.from(base64, 'base64')));
};

const ours = decode(sig);
Date.now = () => ours['TLS.time'] * 1000;
const theirs = decode(new Api(Number(app), key).genUserSig(user, Number(expire)));
for (const field of Object.keys(theirs)) {
  if (theirs[field] !== ours[field]) {
    console.error(`${field}: ours ${ours[field]}, theirs ${theirs[field]}`);
    process.exit(1);
  }
}
console.log('tls-sig-api-v2 agrees with our UserSig');
