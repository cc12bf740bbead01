/* What CgoTest calls. Each function that takes a callback calls it on the caller's thread, but for from_thread. */

#include <pthread.h>
#include <time.h>

long add(long a, long b) {
    return a + b;
}

/* Calls f with n, n-1, ..., 1 and adds up the results. */
long each(long (*f)(long), long n) {
    long sum = 0;
    for (; n > 0; n--) {
        sum += f(n);
    }
    return sum;
}

/* Recurses in C and calls back at the bottom. */
long deep(long (*f)(long), long n) {
    volatile char frame[512];
    frame[0] = (char) n;
    return n == 0 ? f(frame[0]) : deep(f, n - 1) + frame[0] - (char) n;
}

static void *body(void *f) {
    return (void *) ((long (*)(long)) f)(7);
}

/* Calls back on a thread of its own and returns what that returned. */
long from_thread(long (*f)(long)) {
    pthread_t thread;
    void *result = 0;
    if (pthread_create(&thread, 0, body, (void *) f) != 0) {
        return -1;
    }
    pthread_join(thread, &result);
    return (long) result;
}

/* Sleeps without telling anybody. */
void doze(long micros) {
    struct timespec t = {micros / 1000000, micros % 1000000 * 1000};
    nanosleep(&t, 0);
}
