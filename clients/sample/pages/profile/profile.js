const { theApp } = require('../../lib/app');
const { barStyle } = require('../../lib/bar');
const { forUser, goBack, toast } = require('../../lib/notify');

Page({
  data: {
    barStyle: barStyle(),
    /** @type {any} */
    me: null,
    nickname: '',
    gender: 0,
    age: '',
    busy: false,
  },

  onLoad() {
    forUser(async () => {
      const { qlive, ready } = theApp();
      await ready();
      const me = await qlive.profile();
      const isKnown = me.profile_ready;
      // What the user has written meanwhile stays.
      const { nickname, gender, age } = this.data;
      this.setData({
        me,
        nickname: nickname || (isKnown ? me.nickname : ''),
        gender: gender || (isKnown ? me.gender : 0),
        age: age || String(me.age),
      });
    });
  },

  /** @param {any} event */
  writeNickname(event) {
    this.setData({ nickname: event.detail.value });
  },

  /** @param {any} event */
  writeAge(event) {
    this.setData({ age: event.detail.value });
  },

  /** @param {any} event */
  chooseGender(event) {
    this.setData({ gender: Number(event.currentTarget.dataset.gender) });
  },

  save() {
    if (this.data.busy) return;
    this.setData({ busy: true });
    forUser(async () => {
      const { nickname, gender, age } = this.data;
      if (!nickname || !gender) {
        toast('请填写昵称并选择性别');
        return;
      }
      await theApp().qlive.updateProfile({ nickname, gender, age: Number(age) });
      toast('已保存');
      goBack();
    }).then(() => this.setData({ busy: false }));
  },

  goBack() {
    goBack();
  },
});
