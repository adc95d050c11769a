/*
 * Translation with gettext's catalogues, for what a person reads on screen or in a report: whole
 * sentences, never glued. Identifiers, JSON keys and log events stay English. Roles never start it:
 * their sentences reach the conductor in English.
 */
#ifndef BASE_I18N_H
#define BASE_I18N_H

#include <stdbool.h>

enum language { LANGUAGE_EN, LANGUAGE_ZH };

/* Chooses from `wanted` ("zh", "zh_CN.UTF-8", "en", NULL: the environment) and finds the catalogue
 * beside the program (../share/locale, or po/ in a build folder). Call once, in main. */
void i18n_start(const char *wanted);
/* Switches later output, for reports that hold both languages. */
void i18n_use(enum language language);
enum language i18n_language(void);
/* The translation of a sentence, itself where there is none. */
const char *i18n_text(const char *sentence) __attribute__((format_arg(1)));

#define _(sentence) i18n_text(sentence)
#define N_(sentence) sentence

#endif
