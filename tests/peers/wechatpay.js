// Holds our WeChat Pay against the public package wechatpay-axios-plugin: what
// it makes we read, what we make it accepts.
const crypto = require('crypto');
const fs = require('fs');
const { execFileSync } = require('child_process');
const { Formatter, Rsa, Aes } = require('wechatpay-axios-plugin');
const [program] = process.argv.slice(2);

const pair = () => crypto.generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const merchant = pair();
const wechat = pair();
fs.writeFileSync('merchant.pem', merchant.privateKey);
fs.writeFileSync('wechat.pem', wechat.publicKey);
const apiv3 = 'made-up-apiv3-key-0123456789abcd';
const now = 1700000000;

// A notice as WeChat writes it, made by the package.
const told = { out_trade_no: 'Q20231115000000abcdef', mchid: '1900000001', trade_state: 'SUCCESS', amount: { total: 600, currency: 'CNY' } };
const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(told), apiv3, 'abcdefghijkl', 'transaction');
const body = JSON.stringify({
  id: '1', event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource',
  resource: { original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: 'transaction', nonce: 'abcdefghijkl' },
});
const signature = Rsa.sign(Formatter.response(String(now), 'noncenonce', body), wechat.privateKey);
const headers = JSON.stringify({ timestamp: String(now), nonce: 'noncenonce', signature });
const ours = JSON.parse(execFileSync(program, ['merchant.pem', 'wechat.pem', apiv3, String(now)], { input: `${headers}\n${body}\n` }));

const check = (what, ok) => {
  if (!ok) {
    console.error(`not so: ${what}`);
    process.exit(1);
  }
};
check('we read its notice', ours.notice.out_trade_no === told.out_trade_no && ours.notice.total === 600);
const signed = (header) => /signature="([^"]+)"/.exec(header)[1];
const request = (method, path, text) => Formatter.request(method, path, String(now), 'nonce', text);
check('it accepts our GET', Rsa.verify(request('GET', ours.path, ''), signed(ours.get), merchant.publicKey));
check('it accepts our POST', Rsa.verify(request('POST', '/v3/x', '{"a":"金币"}'), signed(ours.post), merchant.publicKey));
check('it does not accept another body', !Rsa.verify(request('POST', '/v3/x', '{}'), signed(ours.post), merchant.publicKey));
const pay = Formatter.joinedByLineFeed('wx1', String(now), 'nonce', 'prepay_id=wx201410272009395522657a690389285100');
check('it accepts our paySign', Rsa.verify(pay, ours.pay_sign, merchant.publicKey));
check('it opens what we seal', Rsa.decrypt(ours.sealed, wechat.privateKey) === '张三');
console.log('wechatpay-axios-plugin agrees with our WeChat Pay');
