/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of processes. The executable is the one thing that a process does not choose freely, so it
 * comes first; comm, argv and a title are its own words and only tell what an interpreter runs.
 * How interpreters read their arguments is data: registry/interpreters.tsv.
 */
#include "owner/name.h"

#include <stdio.h>
#include <string.h>

#include "model/owner.h"
#include "registry/registry.h"

/** The kernel cuts comm to this (TASK_COMM_LEN less the final NUL). */
#define COMM_LENGTH 15

/** Arguments that are not read yet. */
struct arguments {
	const char *at, *end;
};

/* A title that was written over the arguments leaves NULs after it. */
static const char *arguments_end(const struct name_facts *facts)
{
	size_t length = facts->length;

	while (length && !facts->arguments[length - 1])
		length--;
	return facts->arguments + length;
}

static const char *next_argument(struct arguments *args)
{
	const char *argument = args->at;

	if (argument >= args->end)
		return NULL;
	args->at += strlen(argument) + 1;
	return argument;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* The next word of a list that is separated by blanks, NULL after the last. */
static const char *next_word(const char *list, size_t *length)
{
	list += *length;
	list += strspn(list, " ");
	*length = strcspn(list, " ");
	return *length ? list : NULL;
}

static bool has_word(const char *list, const char *word, size_t length)
{
	size_t n = 0;

	for (const char *at = list; at && (at = next_word(at, &n));)
		if (n == length && !memcmp(at, word, n))
			return true;
	return false;
}

static bool find_interpreter(const char *name, struct registry_interpreter *ret)
{
	for (size_t i = 0; registry_next_interpreter_of_all(&i, ret);)
		if (registry_is_named(ret->names, name))
			return true;
	return false;
}

/** What an option means for the search of a script. */
enum meaning {
	NOTHING,
	VALUE,  /**< the next argument is its value */
	CODE,   /**< there is no script */
	SCRIPT, /**< the script follows */
};

static enum meaning look_up(
	const struct registry_interpreter *interpreter, const char *option, size_t length)
{
	if (has_word(interpreter->code, option, length))
		return CODE;
	if (has_word(interpreter->script, option, length))
		return SCRIPT;
	return has_word(interpreter->value, option, length) ? VALUE : NOTHING;
}

/* Letters that stand together: `-um module`. A value may stand in the same argument. */
static enum meaning read_letters(
	const struct registry_interpreter *interpreter, const char *option, const char **ret_rest)
{
	for (const char *letter = option + 1; *letter; letter++) {
		const char single[] = {*option, *letter};
		enum meaning meaning = look_up(interpreter, single, sizeof(single));

		*ret_rest = letter + 1;
		if (meaning != NOTHING)
			return meaning;
		if (has_word(interpreter->attached, single, sizeof(single)))
			break;
	}
	return NOTHING;
}

static enum meaning read_option(
	const struct registry_interpreter *interpreter, const char *option, const char **ret_rest)
{
	size_t length = strcspn(option, "=");
	enum meaning meaning = look_up(interpreter, option, strlen(option));

	*ret_rest = "";
	if (meaning != NOTHING)
		return meaning;
	if (option[length]) {
		*ret_rest = option + length + 1;
		meaning = look_up(interpreter, option, length);
	}
	if (meaning == NOTHING && interpreter->style == REGISTRY_LETTERS && option[1] != '-')
		meaning = read_letters(interpreter, option, ret_rest);
	return meaning;
}

/* The script in the arguments of an interpreter, argv[0] being read; NULL: none. */
static const char *find_script(
	const struct registry_interpreter *interpreter, struct arguments args)
{
	bool letters = interpreter->style == REGISTRY_LETTERS;
	const char *argument, *rest;

	while ((argument = next_argument(&args))) {
		if (*argument != '-' && !(letters && *argument == '+')) {
			if (has_word(interpreter->skip, argument, strlen(argument)))
				continue;
			return *argument ? argument : NULL;
		}
		if (!strcmp(argument, "--"))
			return next_argument(&args);
		/* The standard input. */
		if (!argument[1])
			return NULL;
		switch (read_option(interpreter, argument, &rest)) {
		case CODE:
			return NULL;
		case SCRIPT:
			return *rest ? rest : next_argument(&args);
		case VALUE:
			if (!*rest)
				next_argument(&args);
			break;
		case NOTHING:
			break;
		}
	}
	return NULL;
}

/* Which of its many programs a file is: argv[0] says so, or the argument after its own name. */
static const char *find_applet(
	const struct registry_interpreter *interpreter, const char *argv0, struct arguments args)
{
	const char *name = base_name(argv0);

	name += *name == '-';
	if (registry_is_named(interpreter->names, name))
		name = next_argument(&args);
	return name && *name && *name != '-' ? name : NULL;
}

/** Part of a text. */
struct word {
	const char *text;
	size_t length;
};

/* Whether argv[0] is the path of the executable, or the end of it, as in `./my server`. */
static bool is_path_of(const char *argv0, const char *exe)
{
	size_t length, whole = strlen(exe);

	while (!strncmp(argv0, "./", 2) || !strncmp(argv0, "../", 3))
		argv0 = strchr(argv0, '/') + 1;
	length = strlen(argv0);
	return length <= whole && !strcmp(exe + whole - length, argv0);
}

/* Whether argv[0] is a title: words, but for the path of an executable that has a blank in it. */
static bool is_title(const char *argv0, const char *exe)
{
	return strchr(argv0, ' ') && !(exe && is_path_of(argv0, exe));
}

/*
 * Whether an interpreter wrote a title of one word over its arguments: else argv[0] is one of its
 * own names, as python3 is for python3.11, and the arguments follow.
 */
static bool is_lone_title(const struct registry_interpreter *interpreter, const char *argv0,
	const char *program, struct arguments rest)
{
	const char *name = base_name(argv0);

	name += *name == '-';
	return *name && !next_argument(&rest) && !registry_is_named(interpreter->names, name) &&
	       strncmp(program, name, strlen(name));
}

/* comm is the start of a program's name: all of it unless it was cut. */
static bool agrees(const char *comm, struct word word)
{
	size_t length = strlen(comm);

	if (!length)
		return false;
	return (length == COMM_LENGTH ? word.length >= length : word.length == length) &&
	       !memcmp(comm, word.text, length);
}

/* What is left to go by where the executable cannot be seen. */
static struct word name_without_exe(const struct name_facts *facts, const char *argv0)
{
	const char *name = base_name(argv0);
	struct word called = {name, strlen(name)};

	if (is_title(argv0, NULL))
		called.text = title_word(argv0, &called.length);
	if (!facts->comm || !*facts->comm)
		return called;
	return agrees(facts->comm, called) ? called
					   : (struct word){facts->comm, strlen(facts->comm)};
}

/* What an interpreter runs; an empty word: nothing that has a name. */
static struct word name_of_script(const struct registry_interpreter *interpreter,
	const char *program, const char *argv0, struct arguments args, bool *title)
{
	const char *script;

	if (interpreter->style == REGISTRY_APPLETS)
		script = find_applet(interpreter, argv0, args);
	else
		script = find_script(interpreter, args);
	if (!script && !*title && interpreter->style != REGISTRY_APPLETS)
		*title = is_lone_title(interpreter, argv0, program, args);
	if (*title) {
		struct word word;

		word.text = title_word(argv0, &word.length);
		return word;
	}
	script = script ? base_name(script) : "";
	return (struct word){script, strlen(script)};
}

static int set_program(struct names *names, struct word name, const char *interpreter)
{
	names->name_length = name.length;
	if (!interpreter) {
		names->program = strndup(name.text, name.length);
		return names->program ? 0 : -ENOMEM;
	}
	if (asprintf(&names->program, "%.*s (%s)", (int)name.length, name.text, interpreter) < 0) {
		names->program = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* A title without the blanks that some programs fill their old arguments up with. */
static int set_title(struct names *names, const char *argv0)
{
	size_t length = strlen(argv0);

	while (length && argv0[length - 1] == ' ')
		length--;
	names->title = strndup(argv0, length);
	return names->title ? 0 : -ENOMEM;
}

int names_make(const struct name_facts *facts, struct names *ret)
{
	struct arguments args = {facts->arguments, arguments_end(facts)};
	const char *argv0 = next_argument(&args) ?: "";
	const char *program = facts->exe ? base_name(facts->exe) : NULL;
	bool title = is_title(argv0, facts->exe);
	struct registry_interpreter interpreter;
	struct word name = {NULL, 0};
	struct names names = {0};
	int r = 0;

	if (program && find_interpreter(program, &interpreter))
		name = name_of_script(&interpreter, program, argv0, args, &title);
	if (name.length)
		r = set_program(&names, name, program);
	else if (program)
		r = set_program(&names, (struct word){program, strlen(program)}, NULL);
	else if (facts->comm || *argv0)
		r = set_program(&names, name_without_exe(facts, argv0), NULL);
	if (r == 0 && title)
		r = set_title(&names, argv0);
	if (r < 0) {
		free(names.program);
		return r;
	}
	*ret = names;
	return 0;
}

const char *names_find_option(const char *arguments, size_t length, const char *option)
{
	struct arguments args = {arguments, arguments + length};
	const char *argument;

	while ((argument = next_argument(&args)))
		if (!strcmp(argument, option))
			return next_argument(&args);
	return NULL;
}
