/*
 * A text that exists in both languages because it comes from data (a rule, a form, a scenario), not
 * from the message catalogue.
 */
#ifndef BASE_BILINGUAL_H
#define BASE_BILINGUAL_H

#include "base/i18n.h"

struct bilingual {
	const char *en;
	const char *zh;
};

/* In the language of i18n_use. */
static inline const char *bilingual_pick(struct bilingual b)
{
	return i18n_language() == LANGUAGE_ZH ? b.zh : b.en;
}

#endif
