// Checks our WeChat Pay protocol against wechatpay-axios-plugin: a notice that the package signs
// and encrypts must be accepted by our program, and what our program signs and encrypts must be
// accepted by the package.
const crypto = require('crypto');
const fs = require('fs');
const { execFileSync } = require('child_process');
const { Formatter, Rsa, Aes } = require('wechatpay-axios-plugin');
const [program] = process.argv.slice(2);

const generateKeyPair = () => crypto.generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const merchant = generateKeyPair();
const wechat = generateKeyPair();
fs.writeFileSync('merchant.pem', merchant.privateKey);
fs.writeFileSync('wechat.pem', wechat.publicKey);
const apiv3 = 'made-up-apiv3-key-0123456789abcd';
const now = 1700000000;

// A payment notice, made by the package.
const payment = {
  out_trade_no: 'Q20231115000000abcdef',
  mchid: '1900000001',
  trade_state: 'SUCCESS',
  amount: { total: 600, currency: 'CNY' },
};
const ciphertext = Aes.AesGcm.encrypt(
  JSON.stringify(payment), apiv3, 'abcdefghijkl', 'transaction');
const body = JSON.stringify({
  id: '1',
  event_type: 'TRANSACTION.SUCCESS',
  resource_type: 'encrypt-resource',
  resource: {
    original_type: 'transaction',
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext,
    associated_data: 'transaction',
    nonce: 'abcdefghijkl',
  },
});
const signature = Rsa.sign(
  Formatter.response(String(now), 'noncenonce', body), wechat.privateKey);
const headers = JSON.stringify({ timestamp: String(now), nonce: 'noncenonce', signature });
const ours = JSON.parse(execFileSync(
  program,
  ['merchant.pem', 'wechat.pem', apiv3, String(now)],
  { input: `${headers}\n${body}\n` }));

const check = (what, holds) => {
  if (!holds) {
    console.error(`failed: ${what}`);
    process.exit(1);
  }
};
check('we accept the notice of the package',
  ours.notice.out_trade_no === payment.out_trade_no && ours.notice.total === 600);
const signatureOf = (header) => /signature="([^"]+)"/.exec(header)[1];
const request = (method, path, text) =>
  Formatter.request(method, path, String(now), 'nonce', text);
const verify = (text, signed) => Rsa.verify(text, signed, merchant.publicKey);
check('the package accepts our GET',
  verify(request('GET', ours.path, ''), signatureOf(ours.get)));
check('the package accepts our POST',
  verify(request('POST', '/v3/x', '{"a":"金币"}'), signatureOf(ours.post)));
check('the package refuses our POST with another body',
  !verify(request('POST', '/v3/x', '{}'), signatureOf(ours.post)));
const prepay = 'prepay_id=wx201410272009395522657a690389285100';
check('the package accepts our paySign',
  verify(Formatter.joinedByLineFeed('wx1', String(now), 'nonce', prepay), ours.pay_sign));
check('the package decrypts what we encrypt',
  Rsa.decrypt(ours.sealed, wechat.privateKey) === '张三');
console.log('wechatpay-axios-plugin agrees with our WeChat Pay');
