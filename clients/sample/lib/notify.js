/** Says something in passing. @param {string} title */
function toast(title) {
  wx.showToast({ title, icon: 'none', duration: 1800 });
}

/**
 * Says what went wrong, in the words of the server, unless the user has closed a sheet.
 * @param {any} error
 */
function showError(error) {
  if (error && error.code === 'cancelled') return;
  toast((error && error.message) || '出错了，请稍后再试');
}

/**
 * Does something for the user and says what went wrong.
 * @param {() => Promise<void>} work
 */
async function forUser(work) {
  try {
    await work();
  } catch (error) {
    showError(error);
  }
}

/** Goes to the page before, or to the list when this page was opened by a shared card. */
function goBack() {
  if (getCurrentPages().length > 1) wx.navigateBack();
  else wx.reLaunch({ url: '/pages/lobby/lobby' });
}

module.exports = { forUser, goBack, showError, toast };
