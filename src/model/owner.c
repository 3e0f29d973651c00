/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owner index: a hash table from sockets to their holders. A listed socket held once costs at
 * most 12 bytes of keys, 12 of table and 24 of holding while the index is filled, and 12 in all
 * once it is sealed, beside the descriptions of the processes, which are shared. The structures
 * that leave the library are larger than that and are therefore made anew for each question.
 */
#include "model/owner.h"

#include <string.h>

#include "model/owner-index.h"
#include "util/array.h"

/** Room for two answers, which take turns. */
struct owner_scratch {
	struct portscope_process *shown[2];
	const struct process **processes[2];
	unsigned turn;
};

static void fill_entries(struct owner_index *index, struct socket *sockets, size_t n)
{
	uint32_t entry = 0;

	for (size_t i = 0; i < n; i++) {
		struct socket *socket = &sockets[i];

		if (!(socket->present & SOCKET_HAS_INODE))
			continue;
		socket->number = entry;
		index->entry_cookies[entry] = socket->cookie;
		index->entry_inodes[entry] = socket->inode;
		index->cookies = index->cookies && socket->present & SOCKET_HAS_COOKIE;
		entry++;
	}
}

DEFINE_CLEANUP(struct owner_index *, owner_index_free)

int owner_index_new(struct socket *sockets, size_t n, struct owner_index **ret)
{
	CLEANUP(owner_index_free_cleanup) struct owner_index *index = NULL;
	size_t count = 0;

	index = calloc(1, sizeof(*index));
	if (!index)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		count += !!(sockets[i].present & SOCKET_HAS_INODE);
	if (count >= UINT32_MAX / 2)
		return -EOVERFLOW;
	index->entry_cookies = calloc(count + 1, sizeof(*index->entry_cookies));
	index->entry_inodes = calloc(count + 1, sizeof(*index->entry_inodes));
	if (!index->entry_cookies || !index->entry_inodes)
		return -ENOMEM;
	index->n_entries = (uint32_t)count;
	index->cookies = true;
	fill_entries(index, sockets, n);
	*ret = STEAL(index);
	return 0;
}

/* A scan asks by one of the two, seldom by both: each table is made when it is first asked. */
static int make_table(const struct owner_index *index, bool by_inode, struct table *table)
{
	int r;

	if (table->slots)
		return 0;
	r = table_init(table, index->n_entries);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < index->n_entries; i++)
		table_add(table,
			table_hash(by_inode ? index->entry_inodes[i] : index->entry_cookies[i]), i);
	return 0;
}

int owner_index_find(
	struct owner_index *index, uint64_t cookie, uint32_t inode, struct owner_find *find)
{
	bool by_inode = !cookie || !index->cookies;
	struct table *table = by_inode ? &index->by_inode : &index->by_cookie;
	int r;

	r = make_table(index, by_inode, table);
	if (r < 0)
		return r;
	*find = (struct owner_find){.table = table, .key = by_inode ? inode : cookie};
	if (by_inode)
		find->inodes = index->entry_inodes;
	else
		find->cookies = index->entry_cookies;
	find->at = table_hash(find->key);
	return 0;
}

uint32_t owner_index_next(struct owner_find *find)
{
	uint32_t entry;

	do
		entry = table_next(find->table, &find->at);
	while (entry != TABLE_END &&
		(find->cookies ? find->cookies[entry] : find->inodes[entry]) != find->key);
	return entry;
}

int owner_index_add_holder(struct owner_index *index, uint32_t pid, uint64_t start, uint32_t *ret)
{
	struct holder *added;

	if (index->n_holders == UINT32_MAX)
		return -EOVERFLOW;
	added = ARRAY_ADD(index->holders, index->n_holders);
	if (!added)
		return -ENOMEM;
	*added = (struct holder){.process.shown.pid = pid, .start = start};
	*ret = (uint32_t)(added - index->holders);
	return 0;
}

int owner_index_hold(struct owner_index *index, uint32_t entry, uint32_t process, uint32_t fd)
{
	struct holding *added;

	if (index->n_holdings == UINT32_MAX)
		return -EOVERFLOW;
	added = ARRAY_ADD(index->holdings, index->n_holdings);
	if (!added)
		return -ENOMEM;
	*added = (struct holding){entry, process, fd};
	return 0;
}

struct origin *origin_free(struct origin *origin)
{
	if (origin)
		free(origin->chain);
	free(origin);
	return NULL;
}

static void free_holders(struct owner_index *index)
{
	for (size_t i = 0; i < index->n_holders; i++) {
		struct process *process = &index->holders[i].process;

		free((char *)process->shown.program);
		free((char *)process->shown.title);
		free((char *)process->shown.comm);
		free((char *)process->shown.exe);
		free((char *)process->shown.cmdline);
		free((char *)process->shown.cwd);
		free((char *)process->shown.user);
		free(process->cgroup);
		free(process->carried.container);
		origin_free(process->origin);
		free(process->preload);
		free((char *)process->shown.started_by);
	}
	index->n_holders = 0;
}

void owner_index_clear(struct owner_index *index)
{
	free_holders(index);
	index->n_holdings = 0;
	index->hidden = false;
	index->failed = false;
}

static int compare_holders(const void *a, const void *b, void *userdata)
{
	const struct holder *holders = userdata;
	const struct holder *x = &holders[*(const uint32_t *)a],
			    *y = &holders[*(const uint32_t *)b];

	if (x->manager != y->manager)
		return x->manager ? 1 : -1;
	if (x->process.shown.pid != y->process.shown.pid)
		return x->process.shown.pid < y->process.shown.pid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* Puts the processes in their order, and says so to the holdings. */
static int sort_holders(struct owner_index *index)
{
	uint32_t n = (uint32_t)index->n_holders;
	AUTO_FREE uint32_t *order = calloc(n + 1, sizeof(*order));
	AUTO_FREE uint32_t *rank = calloc(n + 1, sizeof(*rank));
	AUTO_FREE struct holder *sorted = calloc(n + 1, sizeof(*sorted));

	if (!order || !rank || !sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_holders, index->holders);
	for (uint32_t i = 0; i < n; i++) {
		sorted[i] = index->holders[order[i]];
		rank[order[i]] = i;
	}
	if (n)
		memcpy(index->holders, sorted, n * sizeof(*sorted));
	for (size_t i = 0; i < index->n_holdings; i++)
		index->holdings[i].process = rank[index->holdings[i].process];
	return 0;
}

/* A counting sort by socket; `first` becomes the positions. */
static int place_holdings(struct owner_index *index)
{
	uint32_t *first = calloc((size_t)index->n_entries + 2, sizeof(*first));

	if (!first)
		return -ENOMEM;
	index->first = first;
	index->holding_process = calloc(index->n_holdings + 1, sizeof(uint32_t));
	index->holding_fd = calloc(index->n_holdings + 1, sizeof(uint32_t));
	if (!index->holding_process || !index->holding_fd)
		return -ENOMEM;
	/* Counted two places up, the sums end where they belong after the holdings are placed. */
	for (size_t i = 0; i < index->n_holdings; i++)
		first[index->holdings[i].entry + 2]++;
	for (uint32_t i = 2; i < index->n_entries + 2; i++)
		first[i] += first[i - 1];
	for (size_t i = 0; i < index->n_holdings; i++) {
		const struct holding *holding = &index->holdings[i];
		uint32_t at = first[holding->entry + 1]++;

		index->holding_process[at] = holding->process;
		index->holding_fd[at] = holding->fd;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t holding_key(const struct owner_index *index, uint32_t i)
{
	return (uint64_t)index->holding_process[i] << 32 | index->holding_fd[i];
}

/* Sorts one socket's holdings by process and descriptor; most scans deliver them so. */
static int sort_entry(struct owner_index *index, uint32_t begin, uint32_t end)
{
	AUTO_FREE uint64_t *keys = NULL;
	uint32_t i;

	for (i = begin + 1; i < end; i++)
		if (holding_key(index, i - 1) > holding_key(index, i))
			break;
	if (i >= end)
		return 0;
	keys = malloc((end - begin) * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (i = begin; i < end; i++)
		keys[i - begin] = holding_key(index, i);
	qsort(keys, end - begin, sizeof(*keys), compare_keys);
	for (i = begin; i < end; i++) {
		index->holding_process[i] = (uint32_t)(keys[i - begin] >> 32);
		index->holding_fd[i] = (uint32_t)keys[i - begin];
	}
	return 0;
}

/* Whether a holding says nothing new: a thread's table repeats the process's, a ring a descriptor.
 */
static bool repeats(const struct owner_index *index, uint32_t i, uint32_t last)
{
	return index->holding_process[i] == index->holding_process[last] &&
	       (index->holding_fd[i] == index->holding_fd[last] ||
		       index->holding_fd[i] == OWNER_NO_FD);
}

static int sort_holdings(struct owner_index *index)
{
	uint32_t kept = 0, begin = 0;
	int r;

	for (uint32_t entry = 0; entry < index->n_entries; entry++) {
		uint32_t end = index->first[entry + 1];

		r = sort_entry(index, begin, end);
		if (r < 0)
			return r;
		index->first[entry] = kept;
		for (uint32_t i = begin; i < end; i++) {
			if (kept > index->first[entry] && repeats(index, i, kept - 1))
				continue;
			index->holding_process[kept] = index->holding_process[i];
			index->holding_fd[kept++] = index->holding_fd[i];
		}
		begin = end;
	}
	index->first[index->n_entries] = kept;
	return 0;
}

static int make_scratch(struct owner_index *index)
{
	uint32_t most = 1;

	for (uint32_t i = 0; i < index->n_entries; i++)
		most = MAX(most, index->first[i + 1] - index->first[i]);
	index->scratch = calloc(1, sizeof(*index->scratch));
	if (!index->scratch)
		return -ENOMEM;
	for (int i = 0; i < 2; i++) {
		index->scratch->shown[i] = calloc(most, sizeof(struct portscope_process));
		index->scratch->processes[i] = calloc(most, sizeof(struct process *));
		if (!index->scratch->shown[i] || !index->scratch->processes[i])
			return -ENOMEM;
	}
	return 0;
}

int owner_index_seal(struct owner_index *index)
{
	int r;

	table_done(&index->by_cookie);
	free(STEAL(index->entry_cookies));
	table_done(&index->by_inode);
	free(STEAL(index->entry_inodes));
	r = sort_holders(index);
	if (r < 0)
		return r;
	r = place_holdings(index);
	if (r < 0)
		return r;
	free(STEAL(index->holdings));
	r = sort_holdings(index);
	if (r < 0)
		return r;
	return make_scratch(index);
}

size_t owner_index_count_unheld(const struct owner_index *index)
{
	size_t count = 0;

	for (uint32_t i = 0; i < index->n_entries; i++)
		count += index->first[i] == index->first[i + 1];
	return count;
}

/* Describes the holders of an entry that are still there; their number. */
static size_t describe(const struct owner_index *index, uint32_t entry,
	struct portscope_process *shown, const struct process **processes)
{
	uint32_t end = index->first[entry + 1];
	size_t count = 0;

	for (uint32_t i = index->first[entry]; i < end;) {
		const struct holder *holder = &index->holders[index->holding_process[i]];
		uint32_t begin = i, n = 0;

		for (; i < end && index->holding_process[i] == index->holding_process[begin]; i++)
			n += index->holding_fd[i] != OWNER_NO_FD;
		if (holder->gone)
			continue;
		processes[count] = &holder->process;
		shown[count] = holder->process.shown;
		shown[count].fds = n ? &index->holding_fd[begin] : NULL;
		shown[count++].n_fds = n;
	}
	return count;
}

enum owner_state owner_index_get(const struct owner_index *index, const struct socket *socket,
	const struct portscope_process **ret_shown, const struct process *const **ret_processes,
	size_t *ret_count)
{
	struct owner_scratch *scratch = index->scratch;
	unsigned turn = scratch->turn = !scratch->turn;
	uint32_t entry = socket->number;
	size_t count;

	*ret_shown = scratch->shown[turn];
	if (ret_processes)
		*ret_processes = scratch->processes[turn];
	*ret_count = 0;
	if (!(socket->present & SOCKET_HAS_INODE))
		return OWNER_NONE;
	if (index->first[entry] == index->first[entry + 1])
		return index->hidden ? OWNER_HIDDEN : OWNER_UNKNOWN;
	count = describe(index, entry, scratch->shown[turn], scratch->processes[turn]);
	*ret_count = count;
	return count ? OWNER_KNOWN : OWNER_GONE;
}

struct process *owner_index_process(struct owner_index *index, size_t i)
{
	return i < index->n_holders ? &index->holders[i].process : NULL;
}

const char *owner_index_backend(const struct owner_index *index)
{
	return index->backend;
}

bool owner_index_saw_all(const struct owner_index *index)
{
	return index->backend && !index->hidden && !index->failed;
}

struct owner_index *owner_index_free(struct owner_index *index)
{
	if (!index)
		return NULL;
	free_holders(index);
	free(index->holders);
	free(index->entry_cookies);
	table_done(&index->by_cookie);
	free(index->entry_inodes);
	table_done(&index->by_inode);
	free(index->holdings);
	free(index->first);
	free(index->holding_process);
	free(index->holding_fd);
	for (int i = 0; index->scratch && i < 2; i++) {
		free(index->scratch->shown[i]);
		free(index->scratch->processes[i]);
	}
	free(index->scratch);
	free(index);
	return NULL;
}

const char *title_word(const char *title, size_t *ret_length)
{
	size_t length = strcspn(title, " ");
	const char *word = title;

	if (*title == '/') {
		word = (const char *)memrchr(title, '/', length) + 1;
		length -= (size_t)(word - title);
	}
	while (length > 1 && word[length - 1] == ':')
		length--;
	*ret_length = length;
	return word;
}
